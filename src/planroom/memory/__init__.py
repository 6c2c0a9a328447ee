"""Who may use how many bytes: the machine, the ledger, the kernel limit."""
