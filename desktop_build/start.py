"""What both programs of the bundle begin with."""

from app.bundle import main

if __name__ == "__main__":
    main()
