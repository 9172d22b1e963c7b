"""What the pages of both faces share: how they are answered, their headers, their figures, their refusals."""
