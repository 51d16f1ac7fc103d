package exam_test

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// kind is a kind of secret.
type kind struct {
	name  string
	value string
	// vanish is what of the value is secret, if it is not all of it.
	vanish []string
	text   string // how it stands in free text; {} is the value
	field  string // of a record, that would hold the value
	known  bool   // only a store can know it
	// context: it is recognised by what stands beside it, not by its own form.
	context bool
	block   bool // it has several lines
	odd     bool // it has characters that mean something in headers and files
}

// alone reports whether it is recognised wherever it stands.
func (k *kind) alone() bool { return !k.context }

// secrets returns what must vanish.
func (k *kind) secrets() []string {
	if len(k.vanish) > 0 {
		return k.vanish
	}
	return []string{k.value}
}

// Alphabets of made-up secrets.
const (
	alnum  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	urlSet = alnum + "-_"
)

func random(rng *rand.Rand, alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(out)
}

// kinds makes one secret of each kind.
func kinds(seed uint64) []kind {
	rng := rand.New(rand.NewPCG(seed, 6))
	samples := corpus.Samples(seed)
	sample := func(rule string) string {
		return samples[slices.IndexFunc(samples, func(s corpus.Secret) bool { return s.Rule == rule })].Value
	}
	jwt, key := sample("jwt"), sample("private-key")
	return []kind{
		{name: "github-pat", value: sample("github-pat"), text: "{}", field: "token"},
		{name: "stripe-key", value: sample("stripe-access-token"), text: "{}", field: "api_key"},
		{name: "slack-token", value: sample("slack-bot-token"), text: "{}", field: "slack_token"},
		{name: "aws-key-id", value: sample("aws-access-token"), text: "{}", field: "aws_access_key_id"},
		{name: "jwt", value: jwt, vanish: strings.Split(jwt, ".")[1:], text: "{}", field: "token"},
		{name: "private-key", value: key, vanish: []string{inner(key)}, text: "{}", field: "private_key", block: true},
		{name: "password", value: random(rng, alnum, 9) + "+" + random(rng, alnum, 6), text: "password={}", field: "password", context: true},
		{name: "dsn-password", value: random(rng, alnum, 18), text: "postgres://app:{}@db-7.example.net:5432/shop", field: "dsn", context: true},
		{name: "session", value: random(rng, urlSet, 43), text: "session_id={}", field: "session_id", context: true},
		{name: "bearer", value: random(rng, urlSet, 40), text: "Authorization: Bearer {}", field: "authorization", context: true},
		{name: "stored", value: random(rng, alnum, 32), text: "{}", field: "value", known: true},
		{name: "passphrase", value: `lemon & "` + random(rng, alnum, 6) + `" <412 tarot> it's $31/vibe`, text: "{}", field: "value", known: true, odd: true},
		{name: "utf8", value: "пароль" + random(rng, alnum, 5) + "密码鍵ñß", text: "{}", field: "value", known: true, odd: true},
	}
}

// inner is a key in PEM without its first and last line and line ends.
func inner(pem string) string {
	lines := strings.Split(strings.TrimSpace(pem), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

// told is what a store knows of kinds.
func told(all []kind) *vector.Vector {
	v := &vector.Vector{}
	for i := range all {
		if all[i].known {
			v.Known = append(v.Known, vector.Known{Name: "exam/" + all[i].name, Value: all[i].value})
		}
	}
	return v
}
