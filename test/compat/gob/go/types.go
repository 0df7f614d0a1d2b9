package main

import (
	"encoding/gob"
	"math/big"
	"time"
)

type User struct {
	ID   int
	Name string
	Tags []string
}

type Point struct{ X, Y int }

// Everything has a field of each kind.
type Everything struct {
	Bool      bool
	Int       int
	Int8      int8
	Int64     int64
	Uint      uint
	Uint8     uint8
	Uint64    uint64
	Float32   float32
	Float64   float64
	Complex64 complex64
	Complex   complex128
	String    string
	Bytes     []byte
	Array     [2]int
	Slice     []string
	Map       map[string]int
	IntMap    map[int]string
	Struct    Point
	Pointer   *Point
	IntPtr    *int
	PtrPtr    **int
	Any       interface{}
	Time      time.Time
	TimePtr   *time.Time
	Big       big.Int
	BigPtr    *big.Int
	Duration  time.Duration
	hidden    int
	Function  func()
	Channel   chan int
}

type List struct {
	Value int
	Next  *List
}

type Tree struct {
	Name     string
	Children []*Tree
	ByName   map[string]*Tree
}

type Base struct{ ID int }

type middle struct{ Hidden int }

type Embedding struct {
	Base
	*Point
	middle
	Name string
}

type Box struct{ Value interface{} }

type Kilometres float64
type Names []string
type Ages map[string]int
type Level int

func (Level) String() string { return "level" }

// Upper encodes itself.
type Upper struct{ text string }

func (u Upper) GobEncode() ([]byte, error) { return []byte("U:" + u.text), nil }
func (u *Upper) GobDecode(b []byte) error  { u.text = string(b[2:]); return nil }

// Binary marshals itself.
type Binary struct{ bytes []byte }

func (b Binary) MarshalBinary() ([]byte, error) { return b.bytes, nil }
func (b *Binary) UnmarshalBinary(data []byte) error {
	b.bytes = append([]byte(nil), data...)
	return nil
}

// Text has only a text form, of which gob takes no notice.
type Text struct{ Inner string }

func (t Text) MarshalText() ([]byte, error)  { return []byte("T:" + t.Inner), nil }
func (t *Text) UnmarshalText(b []byte) error { t.Inner = string(b[2:]); return nil }

// Hundred has more fields than one byte of a delta could name if it were signed.
type Hundred struct {
	F000, F001, F002, F003, F004, F005, F006, F007, F008, F009 int
	F010, F011, F012, F013, F014, F015, F016, F017, F018, F019 int
	F020, F021, F022, F023, F024, F025, F026, F027, F028, F029 int
	F030, F031, F032, F033, F034, F035, F036, F037, F038, F039 int
	F040, F041, F042, F043, F044, F045, F046, F047, F048, F049 int
	F050, F051, F052, F053, F054, F055, F056, F057, F058, F059 int
	F060, F061, F062, F063, F064, F065, F066, F067, F068, F069 int
	F070, F071, F072, F073, F074, F075, F076, F077, F078, F079 int
	F080, F081, F082, F083, F084, F085, F086, F087, F088, F089 int
	F090, F091, F092, F093, F094, F095, F096, F097, F098, F099 int
	F100, F101, F102, F103, F104, F105, F106, F107, F108, F109 int
	F110, F111, F112, F113, F114, F115, F116, F117, F118, F119 int
	F120, F121, F122, F123, F124, F125, F126, F127, F128, F129 int
}

func init() {
	gob.Register(map[string]interface{}{})
	gob.Register([]interface{}{})
	gob.Register(map[interface{}]interface{}{})
	gob.Register(time.Time{})
	gob.Register(time.Duration(0))
	gob.Register(&big.Int{})
	gob.Register(User{})
	gob.Register(&Point{})
	gob.Register(List{})
	gob.Register(Box{})
	gob.Register(Kilometres(0))
	gob.Register(Names{})
	gob.Register(Ages{})
	gob.Register(Upper{})
	gob.Register([][]string{})
	gob.Register([3]int{})
	gob.Register(map[int]Point{})
	gob.Register(Everything{})
}
