"""The console (管理台). So far a status page of numbers and a health page; it never touches a call."""
