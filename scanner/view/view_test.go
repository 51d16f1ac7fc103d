package view_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func b64(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }

func hexOf(value string) string { return hex.EncodeToString([]byte(value)) }

const poem = "Whose woods these are I think I know. His house is in the village though; he will not see me stopping here to watch his woods fill up with snow. " +
	"My little horse must think it queer to stop without a farmhouse near."

// cases are texts, and what they are on the next level; "" where that is the same.
var cases = []struct {
	name, text, want string
	frames           bool
	apart            []string
}{
	{name: "nothing"},
	{name: "words", text: "the getApplicationContextFactory of com/example/project/Main, 09:41:07 50% & x=1 C:\\dir"},

	{name: "escapes", text: `{"a":"x\"y\\n\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, want: "{\"a\":\"x\"y\\n/\b\f\n\r\té😀\"}"},
	{name: "escapes of C", text: `\x41\101\u{1F600}\'`, want: "AA😀'"},
	{name: "half a pair", text: `\ud83d \ud83d\u0041`, want: "\ufffd \ufffdA"},
	{name: "no escapes", text: `\q \x4 \u12 \u{} \9 \18`},
	{name: "escapes of escapes", text: `\\\"`, want: `\"`},

	{name: "percent", text: "a%41%42+%2b%zz%4", want: "aAB++%zz%4"},
	{name: "percent of percent", text: "%2541", want: "%41"},
	{name: "entities", text: "&quot;a&amp;lt;&#65;&#x42;&apos;&gt;&#x110000;&copy;&amp", want: "\"a&lt;AB'>&#x110000;&copy;&amp"},

	{name: "quoted equals sign", text: "a=3Db c=3d e=41f", want: "a=b c=3d e=41f"},
	{name: "quoted run", text: "x=E2=82=ACy=C3=A9z", want: "x€y=C3=A9z"},
	{name: "soft break of a long line", text: strings.Repeat("x", 75) + "=\r\nyyy", want: strings.Repeat("x", 75) + "yyy"},
	{name: "soft break near what is quoted", text: "a=3Dbcd=\nefg", want: "a=bcdefg"},
	{name: "no soft break", text: "key=\nother " + strings.Repeat("x", 90) + "=\nyyy"},
	{name: "no soft break before a blank", text: strings.Repeat("x", 75) + "=\n y"},

	{name: "hex", text: "v:" + hexOf("sixteen bytes ..") + ";", want: "v:sixteen bytes ..;"},
	{name: "hex in upper case with prefix", text: "0x" + strings.ToUpper(hexOf("sixteen bytes ...")), want: "sixteen bytes ..."},
	{name: "hex behind a name", text: "key_" + hexOf("sixteen bytes .."), want: "key_sixteen bytes .."},
	{name: "hex of a digit more", text: hexOf("sixteen bytes ..") + "2", want: "sixteen bytes ..2"},
	{name: "hex behind a digit", text: "a" + hexOf("sixteen bytes .."), want: "asixteen bytes .."},
	{name: "hex too short", text: hexOf("fifteen bytes .")},
	{name: "hex that is no text", text: "d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{name: "pairs", text: "v " + separate(hexOf("twelve bytes"), ":") + " w", want: "v twelve bytes w"},
	{name: "pairs between blanks", text: separate(hexOf("twelve bytes"), " ") + "\n", want: "twelve bytes\n"},
	{name: "pairs between hyphens", text: "x " + separate(hexOf("twelve bytes"), "-"), want: "x twelve bytes"},
	{name: "pairs behind a token", text: "x" + separate(hexOf("a twelve bytes"), ":"), want: "x61: twelve bytes"},
	{name: "too few pairs", text: separate(hexOf("eleven byte"), ":")},
	{name: "pairs of two separators", text: separate(hexOf("six by"), ":") + " " + separate(hexOf("six by"), ":")},

	{name: "pairs behind words", text: "the word is be " + separate(hexOf("twelve bytes"), ":"), want: "the word is be twelve bytes"},

	{name: "base64", text: "v: " + b64("longer encoded value") + ";", want: "v: longer encoded value;"},
	{name: "base64 with one pad", text: b64("a value: 14 by"), want: "a value: 14 by"},
	{name: "base64 with two pads", text: "=" + b64("a value of 16 by") + ".", want: "=a value of 16 by."},
	{name: "base64 without its pads", text: strings.TrimRight(b64("a value of 16 by"), "="), want: "a value of 16 by"},
	{name: "base64 of the URL variant", text: base64.RawURLEncoding.EncodeToString([]byte("is it >>> now ??? a~~")), want: "is it >>> now ??? a~~"},
	{name: "base64 of what is not ASCII", text: b64("пароль: sixteen or more"), want: "пароль: sixteen or more"},
	{name: "base64 too short", text: b64("eleven byte")[:15]},
	{name: "base64 behind a part of a path", text: "/path/" + b64("a value of some length"), want: "/path/a value of some length"},
	{name: "base64 in a path", text: "/path/" + b64("a value of 18 byte") + "/and/more/of/it", want: "/path/a value of 18 byte/and/more/of/it"},
	{name: "base64 behind a hyphen", text: "key-" + strings.TrimRight(b64("a value of 16 by"), "=") + "-prod", want: "key-a value of 16 by-prod"},
	{name: "base64 one character later", text: "x" + b64("a value of 18 byte"), want: "xa value of 18 byte"},
	{name: "base64 two characters later", text: "nn" + b64("a value of 18 byte"), want: "nna value of 18 byte"},
	{name: "base64 three characters later", text: "abc" + b64("a value of 18 byte"), want: "abca value of 18 byte"},
	{name: "base64 with junk behind it", text: b64("a value of 18 byte") + "zzzz", want: "a value of 18 bytezzzz"},
	{name: "base64 of something binary", text: "[" + b64("\x01\x02 a text of some length \xff\x00 \x01 \x02") + "]", apart: []string{"\x01\x02 a text of some length \xff\x00 \x01 \x02"}},
	{name: "base64 of binary only", text: b64(strings.Repeat("\x01short\xff", 9))},
	{name: "base64 in lines", text: "v:\n" + wrapAt(b64(poem), 76, "\r\n") + "\nend", want: "v:\n" + poem + "\nend"},
	{name: "base64 in lines behind a name", text: "v: " + wrapAt(b64(poem), 64, "\n") + "\n--end--", want: "v: " + poem + "\n--end--"},
	{name: "binary base64 in lines", text: wrapAt(b64("\x00\x01"+poem), 64, "\n"), apart: []string{"\x00\x01" + poem}},
	{name: "base64 that ends as a soft break does", text: "v:\n" + b64(poem[:56]) + "\n--end--", want: "v:\n" + poem[:56] + "\n--end--"},
	{name: "no line of base64 behind a line", text: b64(poem[:48]) + "\nthe rest", want: poem[:48] + "\nthe rest"},

	{name: "base64 that waits for its padding", text: "?a=" + strings.ReplaceAll(b64("a value of 16 by"), "=", "%3D"), want: "?a=" + b64("a value of 16 by")},
	{name: "base64 that waits for what is before", text: `\/` + b64("a value of 18 byte"), want: "/" + b64("a value of 18 byte")},
	{name: "base64 that waits for a soft break", text: "a=3D " + b64("a value of 18 byte") + "=\n" + b64("and 18 more bytes."), want: "a= " + b64("a value of 18 byte") + b64("and 18 more bytes.")},

	{name: "UTF-16, low byte first", text: utf16Of("password: x", false), want: "password: x\x00"},
	{name: "UTF-16, high byte first", text: "\xfe\xff" + utf16Of("password: x", true), want: "\xfe\xffpassword: x"},
	{name: "NULs", text: "a\x00b\x00c\x00d\x00\x00\x00" + strings.Repeat("\x00", 100)},

	{name: "lines of CRI", frames: true,
		text: "2024-03-11T09:41:07.123456789Z stdout P one \n2024-03-11T09:41:07.123456789+01:00 stdout P two \n2024-03-11T09:41:07Z stdout F three\n2024-03-11T09:41:07Z stdout F four",
		want: "2024-03-11T09:41:07.123456789Z stdout P one two three\n2024-03-11T09:41:07Z stdout F four"},
	{name: "lines of CRI of two streams", frames: true, text: "2024-03-11T09:41:07Z stdout P one\n2024-03-11T09:41:07Z stderr F two\n"},
	{name: "line of CRI and another", frames: true, text: "2024-03-11T09:41:07Z stdout P one\nother\n2024-03-11T09:41:07Z stdout F two\n"},
	{name: "lines of CRI that are not looked for", text: "2024-03-11T09:41:07Z stdout P one\n2024-03-11T09:41:07Z stdout F two\n"},
	{name: "lines of Docker", frames: true,
		text: `{"log":"one ","stream":"stdout","time":"2024-03-11T09:41:07.123456789Z"}` + "\n" + `{"log":"two\n","stream":"stdout","time":"2024-03-11T09:41:07.123456789Z"}` + "\n" + `{"log":"three`,
		want: `{"log":"one two` + "\n" + `","stream":"stdout","time":"2024-03-11T09:41:07.123456789Z"}` + "\n" + `{"log":"three`},
	{name: "base64 that waits for a frame", frames: true,
		text: "2024-03-11T09:41:07Z stdout P " + b64(poem)[:50] + "\n2024-03-11T09:41:07Z stdout F " + b64(poem)[50:],
		want: "2024-03-11T09:41:07Z stdout P " + b64(poem)},
}

func TestNext(t *testing.T) {
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want == "" {
				want = test.text
			}
			segments := whole(t, test.text, test.frames)
			got, apart := decode(test.text, segments)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s\n%v", diff, describe(segments))
			}
			if diff := cmp.Diff(test.apart, apart); diff != "" {
				t.Errorf("apart: (-want +got)\n%s", diff)
			}
		})
	}
}
