package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"time"
)

type vector struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Gob  []byte `json:"gob"`
}

type vectorWriter struct{ encoder *json.Encoder }

// add encodes a value with an encoder of its own, as a program that fills a cache does.
func (w vectorWriter) add(name string, value interface{}) {
	var buffer bytes.Buffer
	if err := gob.NewEncoder(&buffer).Encode(value); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	if err := w.encoder.Encode(vector{name, fmt.Sprintf("%T", value), buffer.Bytes()}); err != nil {
		panic(err)
	}
}

// any encodes a value as an interface{}.
func (w vectorWriter) any(name string, value interface{}) { w.add(name, &value) }

var sections = []struct {
	name  string
	write func(vectorWriter)
}{
	{"numbers", vectorWriter.numbers},
	{"texts", vectorWriter.texts},
	{"lists", vectorWriter.lists},
	{"maps", vectorWriter.maps},
	{"structs", vectorWriter.structs},
	{"recursive", vectorWriter.recursive},
	{"interfaces", vectorWriter.interfaces},
	{"times", vectorWriter.times},
	{"encoded", vectorWriter.encoded},
}

func writeVectors(out io.Writer, name string) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, section := range sections {
		if section.name == name {
			section.write(vectorWriter{encoder})
		}
	}
}

func (w vectorWriter) numbers() {
	for _, n := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 255, 256, -256, 32767, 65536, math.MaxInt32, math.MinInt32,
		1<<53 - 1, -(1<<53 - 1), 1 << 53, -(1 << 53), 1<<55 - 1, math.MaxInt64, math.MinInt64} {
		w.add(fmt.Sprintf("int64 %d", n), n)
	}
	w.add("int", int(-7))
	w.add("int8 min", int8(math.MinInt8))
	w.add("int8 max", int8(math.MaxInt8))
	w.add("int16 min", int16(math.MinInt16))
	w.add("int16 max", int16(math.MaxInt16))
	w.add("int32 min", int32(math.MinInt32))
	w.add("rune", '語')
	for _, n := range []uint64{0, 127, 128, 255, 256, math.MaxUint32, 1 << 32, 1<<53 - 1, 1 << 53, math.MaxInt64, math.MaxUint64} {
		w.add(fmt.Sprintf("uint64 %d", n), n)
	}
	w.add("uint", uint(7))
	w.add("uint8 max", uint8(math.MaxUint8))
	w.add("uint16 max", uint16(math.MaxUint16))
	w.add("uint32 max", uint32(math.MaxUint32))
	w.add("uintptr", uintptr(300))
	for _, n := range []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 17, 3, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64,
		2.2250738585072011e-308, math.Pi, 1 << 53, math.Inf(1), math.Inf(-1), math.NaN()} {
		w.add(fmt.Sprintf("float64 %v", n), n)
	}
	w.add("float32", float32(0.1))
	w.add("float32 max", float32(math.MaxFloat32))
	w.add("complex64", complex64(complex(1.5, -2)))
	w.add("complex128", complex(0.1, math.Inf(-1)))
	w.add("complex128 zero", complex(0, 0))
	w.add("bool true", true)
	w.add("bool false", false)
	w.add("named float", Kilometres(42.5))
	w.add("named int", Level(3))
	w.add("duration", 1500*time.Millisecond)
}

func (w vectorWriter) texts() {
	w.add("string empty", "")
	w.add("string ascii", "hello")
	w.add("string unicode", "naïve 語 😀\u2028\x00end")
	w.add("string byte order mark", "\ufeffx")
	w.add("string invalid", "a\xffb\xc3(")
	w.add("string half of a surrogate pair", "\xed\xa0\x80")
	w.add("string 127", strings.Repeat("x", 127))
	w.add("string 128", strings.Repeat("y", 128))
	w.add("string 3000", strings.Repeat("語", 1000))
	w.add("bytes", []byte{0, 1, 127, 128, 255})
	w.add("bytes empty", []byte{})
	w.add("bytes nil", []byte(nil))
	w.add("bytes 300", bytes.Repeat([]byte{7}, 300))
}

func (w vectorWriter) lists() {
	w.add("[]int", []int{1, -2, 300})
	w.add("[]int empty", []int{})
	w.add("[]int nil", []int(nil))
	w.add("[]string", []string{"a", "", "語"})
	w.add("[]bool", []bool{true, false})
	w.add("[]float64", []float64{1, 2.5, math.Copysign(0, -1)})
	w.add("[]uint16", []uint16{1, 65535})
	w.add("[]complex128", []complex128{1, 2i})
	w.add("[][]byte", [][]byte{{1}, {}, nil})
	w.add("[][]int", [][]int{{1}, nil, {2, 3}})
	w.add("[][][]string", [][][]string{{{"a"}, {}}, {}})
	w.add("[3]int", [3]int{0, 5, 0})
	w.add("[0]int", [0]int{})
	w.add("[4]byte", [4]byte{1, 2, 200, 0})
	w.add("[2][2]string", [2][2]string{{"a", "b"}, {"c", "d"}})
	w.add("[]Point", []Point{{1, 2}, {}, {0, 3}})
	w.add("[]*Point", []*Point{{1, 2}, {}})
	w.add("[]map[string]int", []map[string]int{{"a": 1}, nil, {}})
	w.add("[]struct{}", []Base{{}, {}, {}})
	w.add("Names", Names{"x"})
	ints := make([]int, 1000)
	for i := range ints {
		ints[i] = i * i
	}
	w.add("[]int 1000", ints)
}

func (w vectorWriter) maps() {
	w.add("map[string]int", map[string]int{"a": 1, "b": -2, "": 0})
	w.add("map[string]int empty", map[string]int{})
	w.add("map[string]int nil", map[string]int(nil))
	w.add("map[string]string hostile", map[string]string{"__proto__": "p", "constructor": "c", "toString": "t", "1": "one"})
	w.add("map[int]string", map[int]string{1: "a", -5: "b"})
	w.add("map[int64]string big", map[int64]string{math.MaxInt64: "max"})
	w.add("map[bool]int", map[bool]int{true: 1, false: 0})
	w.add("map[float64]bool", map[float64]bool{1.5: true, 2: false})
	w.add("map[string]Point", map[string]Point{"p": {1, 2}, "zero": {}})
	w.add("map[string][]int", map[string][]int{"a": {1}, "b": nil})
	w.add("map[string]map[string]bool", map[string]map[string]bool{"a": {"x": true}, "b": nil})
	w.add("map[Point]string", map[Point]string{{1, 2}: "p"})
	w.add("map[[2]int]string", map[[2]int]string{{1, 2}: "p"})
	w.add("map[interface{}]interface{}", map[interface{}]interface{}{"a": 1, 2: "b", true: nil, 1.5: []string{"x"}})
	w.add("map[time.Time]int", map[time.Time]int{time.Unix(1, 0).UTC(): 1})
	w.add("Ages", Ages{"x": 3})
	w.add("map[string]*Point", map[string]*Point{"p": {3, 4}})
	w.add("[2]time.Time", [2]time.Time{time.Unix(1, 0).UTC(), {}})
	w.add("map[uint8]int", map[uint8]int{200: 1})
}

func (w vectorWriter) structs() {
	seven := 7
	pointer := &seven
	moment := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
	w.add("User", User{1, "Ada", []string{"admin", "dev"}})
	w.add("*User", &User{1, "Ada", nil})
	w.add("User zero", User{})
	w.add("Everything zero", &Everything{})
	w.add("Everything full", &Everything{true, -1, -8, math.MinInt64, 1, 255, math.MaxUint64, 0.5, 0.1, 1 + 2i, complex(0, 1), "s",
		[]byte{1}, [2]int{3, 4}, []string{"x"}, map[string]int{"k": 1}, map[int]string{5: "five"}, Point{5, 6}, &Point{7, 8}, &seven,
		&pointer, "any", moment, &moment, *big.NewInt(-5), big.NewInt(1), time.Second, 9, nil, nil})
	w.add("Embedding", Embedding{Base{1}, &Point{2, 3}, middle{4}, "x"})
	w.add("Embedding nil", Embedding{Name: "x"})
	w.add("Hundred first and last", Hundred{F000: 1, F129: 130})
	w.add("Hundred one", Hundred{F128: -1})
	w.add("anonymous struct", struct{ A, B interface{} }{1, nil})
	same := &Point{1, 1}
	w.add("shared pointers", struct{ A, B *Point }{same, same})
	w.add("negative zero in a struct", struct {
		F float64
		G int
	}{math.Copysign(0, -1), 1})
	w.add("empty map in a struct", struct {
		M map[string]int
		N map[string]int
		S []int
		I int
	}{map[string]int{}, nil, []int{}, 1})
	w.add("unicode field", struct{ Größe, Ä int }{1, 2})
}

func (w vectorWriter) recursive() {
	w.add("List", List{1, &List{2, &List{3, nil}}})
	w.add("Tree", Tree{"root", []*Tree{{"a", nil, nil}, {"b", []*Tree{{"c", nil, nil}}, nil}}, map[string]*Tree{"z": {"z", nil, nil}}})
	list := List{0, nil}
	for i := 1; i < 300; i++ {
		next := list
		list = List{i, &next}
	}
	w.add("List 300", list)
}

func (w vectorWriter) interfaces() {
	basics := []interface{}{true, int(1), int8(-8), int16(16), int32(32), int64(1) << 60, uint(1), uint8(8), uint16(16), uint32(32),
		uint64(1) << 63, uintptr(5), float32(0.5), 0.1, complex64(1i), complex128(2), "text", []byte{1, 2}, []int{1}, []string{"a"},
		[]float64{0.5}, []bool{true}, []int64{5}, []uint32{6}}
	for _, value := range basics {
		w.add(fmt.Sprintf("Box %T", value), Box{value})
		w.any(fmt.Sprintf("interface{} %T", value), value)
	}
	w.add("[]interface{} of basics", basics)
	w.add("Box nil", Box{nil})
	w.any("interface{} nil", nil)
	w.add("[]interface{} nils", []interface{}{nil, nil})
	w.add("[]interface{} empty", []interface{}{})
	w.add("Box User", Box{User{1, "Ada", nil}})
	w.add("Box *Point", Box{&Point{1, 2}})
	w.add("Box Box Box", Box{Box{Box{"deep"}}})
	w.add("Box [][]string", Box{[][]string{{"a"}, {}}})
	w.add("Box [3]int", Box{[3]int{1, 2, 3}})
	w.add("Box Names", Box{Names{"n"}})
	w.add("Box Kilometres", Box{Kilometres(1)})
	w.add("Box time.Time", Box{time.Unix(1, 0).UTC()})
	w.add("Box time.Duration", Box{time.Duration(5)})
	w.add("Box *big.Int", Box{big.NewInt(12)})
	w.add("Box Upper", Box{Upper{"x"}})
	w.add("Box map[int]Point", Box{map[int]Point{1: {2, 3}}})
	w.add("Box List", Box{List{1, &List{2, nil}}})
	w.add("map[string]interface{}", map[string]interface{}{"name": "x", "age": 3, "ok": true, "none": nil, "ratio": 0.5,
		"list": []interface{}{1, "two", nil}, "inner": map[string]interface{}{"deep": map[string]interface{}{"er": []string{"y"}}}})
	// Types that the encoder meets one after another in the midst of values: it splits messages to define them.
	w.add("types in the midst", []interface{}{User{1, "a", nil}, 5, &Point{1, 2}, map[string]interface{}{"b": Box{List{1, nil}},
		"n": []interface{}{Names{"x"}, User{2, "b", []string{"t"}}, [3]int{1, 2, 3}}}, "end", Box{Box{map[int]Point{1: {1, 1}}}}, Point{9, 9}.asAny()})
	w.any("interface{} map[string]interface{}", map[string]interface{}{"a": []interface{}{map[string]interface{}{"b": User{3, "c", nil}}}})
	w.any("interface{} User", User{4, "d", nil})
	w.add("Box Everything", Box{&Everything{Any: Box{&Everything{Int: 1}}}})
}

func (p Point) asAny() interface{} { return &p }

func (w vectorWriter) times() {
	w.add("time UTC", time.Date(2026, 11, 28, 17, 30, 0, 123000000, time.UTC))
	w.add("time zone", time.Date(2026, 11, 28, 17, 30, 0, 0, time.FixedZone("", -5*3600)))
	w.add("time zone with seconds", time.Date(1890, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1172)))
	w.add("time zero", time.Time{})
	w.add("time nanoseconds", time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.UTC))
	w.add("time before 1970", time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC))
	w.add("time year 0", time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	w.add("time 1970", time.Unix(0, 0).UTC())
	w.add("time last of Date", time.UnixMilli(8640000000000000).UTC())
	w.add("time beyond Date", time.UnixMilli(8640000000000001).UTC())
	w.add("time first of Date", time.UnixMilli(-8640000000000000).UTC())
	w.add("time last", time.Unix(1<<62, 0).UTC())
	w.add("[]time.Time", []time.Time{time.Unix(1, 0).UTC(), {}})
	w.add("struct with time", struct {
		At, Zero time.Time
		Nil      *time.Time
		Name     string
	}{At: time.Unix(1, 5e6).UTC(), Name: "x"})
}

func (w vectorWriter) encoded() {
	for _, text := range []string{"0", "1", "-1", "255", "256", "-18446744073709551616", "123456789012345678901234567890"} {
		n, _ := new(big.Int).SetString(text, 10)
		w.add("big.Int "+text, n)
	}
	w.add("map[string]*big.Int", map[string]*big.Int{"a": big.NewInt(-7)})
	w.add("[]*big.Int", []*big.Int{big.NewInt(1), big.NewInt(-2)})
	w.add("big.Float", big.NewFloat(1.5))
	w.add("big.Rat", big.NewRat(1, 3))
	w.add("GobEncoder", Upper{"x"})
	w.add("[]GobEncoder", []Upper{{"x"}, {""}})
	w.add("map[string]GobEncoder", map[string]Upper{"a": {"b"}})
	w.add("struct with GobEncoder", struct {
		A, B Upper
		P    *Upper
		N    int
	}{A: Upper{"x"}, N: 1})
	w.add("BinaryMarshaler", Binary{[]byte{9, 8}})
	w.add("BinaryMarshaler empty", Binary{})
	w.add("TextMarshaler", Text{"x"})
}
