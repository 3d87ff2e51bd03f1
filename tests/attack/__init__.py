"""What somebody inside could try: the database's service role, a clerk, a witness, a reader of evidence; each attempt fails."""
