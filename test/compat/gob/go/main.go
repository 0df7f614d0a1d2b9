// Program gob is the Go side of the tests of the gob codec. It uses nothing but the standard library.
//
//	gob vectors            writes one JSON line for each test vector: {"name", "type", "gob" (base64)}
//	gob vectors <section>  only those of a section. Each section has a process of its own: what gob calls a type depends on
//	                       where the process met it first
//	gob round-trip         reads one JSON line for each gob, {"into", "gob"}, and answers each with {"text", "gob"} or {"error"}
package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "vectors" {
		for _, section := range sections {
			command := exec.Command(os.Args[0], "vectors", section.name)
			command.Stdout, command.Stderr = os.Stdout, os.Stderr
			if err := command.Run(); err != nil {
				panic(err)
			}
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "vectors" {
		writeVectors(os.Stdout, os.Args[2])
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "round-trip" {
		answer(os.Stdin, os.Stdout)
		return
	}
	fmt.Fprintln(os.Stderr, "usage: gob vectors | round-trip")
	os.Exit(2)
}
