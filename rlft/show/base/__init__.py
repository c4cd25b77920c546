"""How the course looks: styles, figures with alt text, labels."""
