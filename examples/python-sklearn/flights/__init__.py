"""What training and evaluation of the flights model share."""
