package main

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Optional is a User as a program may have it that knows another field and lacks one.
type Optional struct {
	Name  *string
	Other int
}

// Record has the fields that the tests describe with gobStruct.
type Record struct {
	ID      int64
	Count   uint32
	Ratio   float64
	Name    string
	Ok      bool
	Bytes   []byte
	At      time.Time
	Big     *big.Int
	Any     interface{}
	Tags    []string
	Scores  map[string]float64
	Owner   *User
	Friends []User
}

func init() {
	gob.Register(Record{})
}

// targets are what a gob may be decoded into, by name.
var targets = map[string]reflect.Type{}

func target(name string, value interface{}) { targets[name] = reflect.TypeOf(value).Elem() }

func init() {
	target("interface{}", new(interface{}))
	for _, value := range []interface{}{new(bool), new(int), new(int8), new(int64), new(uint64), new(float64), new(string), new([]byte),
		new(time.Time), new(big.Int), new(*big.Int), new([]int), new([]int64), new([]uint64), new([]float64), new([]string), new([]bool),
		new([][]byte), new([]time.Time), new([]*big.Int), new([][]int), new([][]float64), new([][]string), new([]interface{}), new([][]interface{}),
		new(map[string]interface{}), new([]map[string]interface{}), new(map[string]int), new(map[string]string), new(map[int]string),
		new(map[int64]string), new(map[bool]int), new(map[float64]string), new(map[time.Time]int), new(map[interface{}]interface{}),
		new(map[string][]int), new(map[string]map[int]string), new([]int8), new([]int16), new([]int32), new([]uint16), new([]uint32), new([]float32),
		new(User), new(*User), new([]User), new(Optional), new(Record), new([]Record), new(map[string]User)} {
		target(strings.ReplaceAll(fmt.Sprintf("%T", value)[1:], "interface {}", "interface{}"), value)
	}
}

type request struct {
	Into string `json:"into"`
	Gob  []byte `json:"gob"`
}

type reply struct {
	// Text is the value as Go has it.
	Text string `json:"text,omitempty"`
	// Gob is the value, encoded by Go.
	Gob   []byte `json:"gob,omitempty"`
	Error string `json:"error,omitempty"`
}

func answer(in io.Reader, out io.Writer) {
	lines := bufio.NewReader(in)
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		answers.Encode(roundTrip(asked))
	}
}

func roundTrip(asked request) reply {
	into, known := targets[asked.Into]
	if !known {
		return reply{Error: "no target " + asked.Into}
	}
	value := reflect.New(into)
	reader := bytes.NewReader(asked.Gob)
	if err := gob.NewDecoder(reader).Decode(value.Interface()); err != nil {
		return reply{Error: err.Error()}
	}
	if reader.Len() > 0 {
		return reply{Error: "bytes are left"}
	}
	var again bytes.Buffer
	// Go 1.19 panics on a pointer to a pointer to a type that encodes itself.
	encoded := value
	if into.Kind() == reflect.Ptr {
		encoded = value.Elem()
	}
	if err := gob.NewEncoder(&again).Encode(encoded.Interface()); err != nil {
		return reply{Error: "encode: " + err.Error()}
	}
	return reply{Text: text(value.Elem()), Gob: again.Bytes()}
}

// text writes a value with its types, maps in the order of their keys' texts.
func text(value reflect.Value) string {
	if value.Kind() == reflect.Interface {
		if value.IsNil() {
			return "nil"
		}
		return strings.ReplaceAll(value.Elem().Type().String(), "interface {}", "interface{}") + "(" + text(value.Elem()) + ")"
	}
	switch v := value.Interface().(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case big.Int:
		return "big " + v.String()
	case *big.Int:
		if v != nil {
			return "big " + v.String()
		}
	case []byte:
		return fmt.Sprintf("bytes %x", v)
	}
	switch value.Kind() {
	case reflect.Ptr:
		if value.IsNil() {
			return "nil"
		}
		return "&" + text(value.Elem())
	case reflect.String:
		return strconv.Quote(value.String())
	case reflect.Slice, reflect.Array:
		parts := make([]string, value.Len())
		for i := range parts {
			parts[i] = text(value.Index(i))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Map:
		parts := []string{}
		for _, key := range value.MapKeys() {
			parts = append(parts, text(key)+":"+text(value.MapIndex(key)))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, " ") + "}"
	case reflect.Struct:
		parts := []string{}
		for i := 0; i < value.NumField(); i++ {
			parts = append(parts, value.Type().Field(i).Name+":"+text(value.Field(i)))
		}
		return value.Type().Name() + "{" + strings.Join(parts, " ") + "}"
	default:
		return fmt.Sprint(value.Interface())
	}
}
