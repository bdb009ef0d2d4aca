"""What commands print: tables, cases, progress."""
