"""What every part of irisproof agrees on. Standard library only; imports no other part."""
