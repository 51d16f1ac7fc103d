package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Sizes of the bodies, in bytes.
const (
	small = 1_000
	large = 64_000
)

const (
	letters  = "abcdefghijklmnopqrstuvwxyz"
	alphabet = letters + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// random is the same in each process and each run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 6)) }

func pick(r *rand.Rand, from string, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = from[r.IntN(len(from))]
	}
	return string(text)
}

// token is a secret that rules find by its form.
func token() string { return "gh" + "p_" + pick(random(1), alphabet, 36) }

// known returns a secret that nothing but the list tells: the i-th of it.
func known(i int) string { return pick(random(1000+uint64(i)), alphabet, 40) }

const knownSecrets = 1000

// knownList is the list of known secrets, name=value.
func knownList() []byte {
	var list bytes.Buffer
	for i := range knownSecrets {
		fmt.Fprintf(&list, "service-%d=%s\n", i, known(i))
	}
	return list.Bytes()
}

// body is JSON of so many bytes as an API sends it: a list of orders, and in the
// middle of it a message, which may show a token.
func body(size int, finding bool) []byte {
	message := "the delivery of this order is late"
	if finding {
		message = "the carrier refused " + token()
	}
	r := random(2)
	var b bytes.Buffer
	b.WriteString(`{"orders":[`)
	said := false
	for b.Len() < size-450 {
		if !said && b.Len() > size/2-300 {
			said = true
			fmt.Fprintf(&b, `{"message":%q},`, message)
		}
		order(&b, r)
		b.WriteByte(',')
	}
	end := `{"next":"/v1/orders?page=2","note":"` // filled up to the size with words
	b.WriteString(end)
	const tail = `"}]}`
	for b.Len() < size-len(tail) {
		b.WriteString(words(r, 1)[:min(3, size-len(tail)-b.Len())])
		if b.Len() < size-len(tail) {
			b.WriteByte(' ')
		}
	}
	b.WriteString(tail)
	return b.Bytes()
}

func order(b *bytes.Buffer, r *rand.Rand) {
	name := words(r, 2)
	fmt.Fprintf(b, `{"id":"%08x-%04x-4%03x-a%03x-%012x","name":%q,"email":"%s@example.com","amount":%d.%02d,"paid":%t,"created":"2026-0%d-1%dT0%d:%02d:00Z","tags":["%s","%s"]}`,
		r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48), name, strings.ReplaceAll(name, " ", "."),
		r.IntN(1000), r.IntN(100), r.IntN(2) == 0, 1+r.IntN(9), r.IntN(10), r.IntN(10), r.IntN(60), words(r, 1), words(r, 1))
}

// words returns words of letters, none shorter than four.
func words(r *rand.Rand, n int) string {
	text := make([]string, n)
	for i := range text {
		text[i] = pick(r, letters, 4+r.IntN(6))
	}
	return strings.Join(text, " ")
}

// line is one of the long body.
func line(b *bytes.Buffer, r *rand.Rand) {
	order(b, r)
	b.WriteByte('\n')
}

// block is what the long body repeats: about so many bytes of lines of JSON, one of
// them with a token.
func block(size int) []byte {
	r := random(3)
	var b bytes.Buffer
	for b.Len() < size/2 {
		line(&b, r)
	}
	fmt.Fprintf(&b, "{\"message\":\"the carrier refused %s\"}\n", token())
	for b.Len() < size {
		line(&b, r)
	}
	return b.Bytes()
}
