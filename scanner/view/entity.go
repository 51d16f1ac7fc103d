package view

import "unicode/utf8"

// entities are the names that are read, of the characters of ASCII. The first ones
// are written too.
var entities = [...]struct {
	name  string
	value byte
}{
	{"&quot;", '"'}, {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''},
	{"&lowbar;", '_'}, {"&hyphen;", '-'}, {"&dash;", '-'}, {"&period;", '.'}, {"&comma;", ','}, {"&colon;", ':'},
	{"&semi;", ';'}, {"&sol;", '/'}, {"&bsol;", '\\'}, {"&plus;", '+'}, {"&equals;", '='}, {"&commat;", '@'},
	{"&excl;", '!'}, {"&quest;", '?'}, {"&num;", '#'}, {"&dollar;", '$'}, {"&percnt;", '%'}, {"&Hat;", '^'},
	{"&ast;", '*'}, {"&lpar;", '('}, {"&rpar;", ')'}, {"&lsqb;", '['}, {"&lbrack;", '['}, {"&rsqb;", ']'},
	{"&rbrack;", ']'}, {"&lcub;", '{'}, {"&lbrace;", '{'}, {"&rcub;", '}'}, {"&rbrace;", '}'}, {"&vert;", '|'},
	{"&verbar;", '|'}, {"&grave;", '`'}, {"&Tab;", '\t'}, {"&NewLine;", '\n'}, {"&nbsp;", ' '},
}

// written is how many of entities are written.
const written = 5

// entityUnit reads a named or numeric character reference.
func entityUnit(dst, src []byte) ([]byte, int, bool) {
	if len(src) > 1 && src[1] == '#' {
		return entityNumber(dst, src)
	}
	for i := range entities {
		e := &entities[i]
		n := 1
		for n < len(e.name) && n < len(src) && src[n] == e.name[n] {
			n++
		}
		if n == len(e.name) {
			return append(dst, e.value), n, false
		}
		if n == len(src) {
			return dst, 0, true
		}
	}
	return dst, 0, false
}

// entityNumber reads &#N; or &#xH;, of up to seven digits.
func entityNumber(dst, src []byte) ([]byte, int, bool) {
	const limit = 7
	value, at := rune(0), len("&#")
	if at < len(src) && src[at]|0x20 == 'x' {
		var digits int
		value, digits = hexNumber(src[at+1:], limit)
		if at += 1; digits == 0 {
			return dst, 0, at == len(src)
		}
		at += digits
	} else {
		first := at
		for at < len(src) && at < first+limit && src[at]-'0' <= 9 {
			value = value*10 + rune(src[at]-'0')
			at++
		}
		if at == first {
			return dst, 0, at == len(src)
		}
	}
	if at == len(src) {
		return dst, 0, true
	}
	if src[at] != ';' || !utf8.ValidRune(value) {
		return dst, 0, false
	}
	return utf8.AppendRune(dst, value), at + 1, false
}
