"""The same report as JSON, HTML, XLSX and marked-up PDF."""
