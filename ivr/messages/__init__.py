"""What is sent besides calls: 短信 through the trunk or a gateway, and mail. The outbox in PostgreSQL, and who empties it."""
