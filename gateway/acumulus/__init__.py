"""What Acumulus answers to `invoices/invoice_mail.php`: for billing apps that speak to it today."""
