"`python -m ganunlearn` is the command line."

from ganunlearn.cli import main

if __name__ == "__main__":
    main()
