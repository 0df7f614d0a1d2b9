module gocachex.example/encryption

go 1.19
