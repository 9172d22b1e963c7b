"""The words of the house's mails: one `.txt` (its first line is the subject) and one `.html` per notice."""
