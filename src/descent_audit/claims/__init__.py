"""What is claimed: statements and claim files, read, validated and put into words."""
