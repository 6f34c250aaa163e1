"""Labels that people make in the browser: a journal of what each of them did, and the truth that it gives."""
