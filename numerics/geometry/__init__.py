"""What a matrix of weights is: its tegum factors, their names and symmetries."""
