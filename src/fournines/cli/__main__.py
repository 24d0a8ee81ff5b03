from fournines.cli import main

main()
