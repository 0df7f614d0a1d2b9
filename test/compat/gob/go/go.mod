module gocachex.example/gob

go 1.19
