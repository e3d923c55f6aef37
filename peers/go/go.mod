module millpond.example/go

go 1.25
