package axes

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

// Alphabets of made-up values.
const (
	alnum     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64Set = alnum + "+/"
	urlSet    = alnum + "-_"
	symbols   = "!#%*+@"
)

// material is a secret in the words that writings and places need.
type material struct {
	vanish []string
	bare   string // the secret alone
	field  string // of a record, that would hold it
	value  string // of that field
	text   string // how it stands in free text
	user   string // of whom it is
}

// secret is a value of the axis of secrets.
type secret struct {
	name string
	make func(rng *rand.Rand) material
	// told: no rule can know it, only the store does.
	told bool
	// context: recognised by what stands beside it, not by its own form.
	context bool
	vague   bool     // the name of its field does not say that a lone value is secret
	places  []string // groups of places in which it makes sense
}

// everywhere are the groups of places that bear any text.
var everywhere = []string{text, fields, inJSON, web, markup, table, mail, frames, plainFile}

// secrets is the axis of secrets.
var secrets = []secret{
	{name: "github-pat", make: sample("github-pat", "token"), places: slices.Concat(everywhere, []string{path, auth, basic, cookies})},
	{name: "aws-keys", make: awsKeys, context: true, places: everywhere},
	{name: "jwt", make: jwt, places: slices.Concat(everywhere, []string{path, auth, cookies})},
	{name: "stripe-key", make: sample("stripe-access-token", "api_key"), places: slices.Concat(everywhere, []string{path, auth})},
	{name: "slack-token", make: sample("slack-bot-token", "token"), places: slices.Concat(everywhere, []string{path, auth})},
	{name: "field-password", make: fieldPassword, context: true, places: slices.Concat(everywhere, []string{basic})},
	{name: "dsn-password", make: dsnPassword, context: true, vague: true, places: slices.Concat(everywhere, []string{dsnURL, dsnWords})},
	{name: "private-key", make: privateKey, places: everywhere},
	{name: "session-cookie", make: sessionCookie, context: true, places: slices.Concat(everywhere, []string{cookies})},
	{name: "bearer-token", make: bearerToken, context: true, places: slices.Concat(everywhere, []string{auth})},
	{name: "store-secret", make: storeSecret, told: true, places: slices.Concat(everywhere, []string{path, auth, basic, cookies, dsnURL, dsnWords})},
	{name: "passphrase", make: passphrase, told: true, places: slices.Concat(everywhere, []string{basic, dsnURL, dsnWords})},
	{name: "utf8-password", make: utf8Password, told: true, places: slices.Concat(everywhere, []string{basic, dsnURL, dsnWords})},
}

// random returns n characters of alphabet.
func random(rng *rand.Rand, alphabet string, n int) string {
	set := []rune(alphabet)
	out := make([]rune, n)
	for i := range out {
		out[i] = set[rng.IntN(len(set))]
	}
	return string(out)
}

// pick returns one of list.
func pick(rng *rand.Rand, list ...string) string { return list[rng.IntN(len(list))] }

// sample makes a secret of a rule by which it is found wherever it stands.
func sample(rule, field string) func(*rand.Rand) material {
	return func(rng *rand.Rand) material {
		s := sampleValue(rng, rule)
		return material{vanish: []string{s}, bare: s, field: field, value: s, text: s}
	}
}

func sampleValue(rng *rand.Rand, rule string) string {
	samples := corpus.Samples(rng.Uint64())
	i := slices.IndexFunc(samples, func(s corpus.Secret) bool { return s.Rule == rule })
	return samples[i].Value
}

// awsKeys makes a pair: an id, which has a form, and a key, which has none.
func awsKeys(rng *rand.Rand) material {
	id, key := sampleValue(rng, "aws-access-token"), random(rng, base64Set, 40)
	pair := fmt.Sprintf("aws_access_key_id=%s aws_secret_access_key=%s", id, key)
	return material{vanish: []string{id, key}, bare: id + ":" + key, field: "credentials", value: pair, text: pair}
}

// jwt makes a token. Its first part says the same for every token and is no secret.
func jwt(rng *rand.Rand) material {
	part := base64.RawURLEncoding.EncodeToString
	claims, signature := part([]byte(`{"sub":"`+random(rng, alnum, 30)+`"}`)), random(rng, urlSet, 43)
	token := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + claims + "." + signature
	return material{vanish: []string{claims, signature}, bare: token, field: "token", value: token, text: token}
}

func fieldPassword(rng *rand.Rand) material {
	p := random(rng, alnum, 9) + random(rng, symbols, 1) + random(rng, alnum, 6)
	return material{vanish: []string{p}, bare: p, field: "password", value: p, text: "password=" + p}
}

func dsnPassword(rng *rand.Rand) material {
	p := random(rng, alnum, 18)
	dsn := fmt.Sprintf("postgres://app:%s@db-%d.example.net:5432/shop", p, rng.IntN(90))
	return material{vanish: []string{p}, bare: p, field: "dsn", value: dsn, text: dsn}
}

func privateKey(rng *rand.Rand) material {
	var lines []string
	for range 5 {
		lines = append(lines, random(rng, base64Set, 64))
	}
	lines = append(lines, random(rng, base64Set, 30)+"==")
	pem := "-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Join(lines, "\n") + "\n-----END RSA " + "PRIVATE KEY-----"
	return material{vanish: []string{strings.Join(lines, "")}, bare: pem, field: "private_key", value: pem, text: pem}
}

func sessionCookie(rng *rand.Rand) material {
	id := random(rng, urlSet, 43)
	return material{vanish: []string{id}, bare: id, field: "session_id", value: id, text: "session_id=" + id}
}

func bearerToken(rng *rand.Rand) material {
	t := random(rng, urlSet, 40)
	return material{vanish: []string{t}, bare: t, field: "authorization", value: "Bearer " + t, text: "Authorization: Bearer " + t}
}

func storeSecret(rng *rand.Rand) material {
	s := random(rng, alnum, 32)
	return material{vanish: []string{s}, bare: s, field: "value", value: s, text: s}
}

func passphrase(rng *rand.Rand) material {
	word := func() (w string) {
		for range 3 {
			w += random(rng, "bdfgklmnprstvz", 1) + random(rng, "aeiou", 1)
		}
		return w
	}
	s := fmt.Sprintf(`%s & "%s" <%d %s> it's $%d/%s`, word(), word(), rng.IntN(900)+100, word(), rng.IntN(90)+10, word())
	return material{vanish: []string{s}, bare: s, field: "value", value: s, text: s}
}

func utf8Password(rng *rand.Rand) material {
	s := random(rng, "äöüßéñçøåłžПарольключ密码鍵パス€", 9) + random(rng, alnum, 4) + random(rng, "äöüßéñçøåłžПарольключ密码鍵パス€", 3)
	return material{vanish: []string{s}, bare: s, field: "value", value: s, text: s}
}
