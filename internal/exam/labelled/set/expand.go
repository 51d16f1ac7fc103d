package set

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// alphabets are the sets of characters that a form can ask for, as in {hex:32}.
var alphabets = map[string]string{
	"alnum":   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	"letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	"lower":   "abcdefghijklmnopqrstuvwxyz0123456789",
	"upper":   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"hex":     "0123456789abcdef",
	"digits":  "0123456789",
	"base32":  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
	"bech32":  "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
	"base64":  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"b64url":  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	"symbol":  "!#%*+?",
}

// lists are the words that a form can ask for, as in {host}.
var lists = map[string][]string{
	"user":    {"alice", "chidi", "elif", "ingrid", "kofi", "mateusz", "nadia", "sven", "tomoko", "yara"},
	"host":    {"db-1.example.net", "cache.example.org", "queue-2.example.com", "api.example.com", "ldap.example.net"},
	"service": {"billing", "catalog", "checkout", "gateway", "invoice", "ledger", "mailer", "orders", "search", "shipping"},
	"word":    {"amber", "anchor", "basket", "candle", "copper", "falcon", "garden", "harbor", "island", "jungle", "kernel", "lantern", "marble", "needle", "orchid", "pepper", "quartz", "ribbon", "saddle", "timber", "velvet", "walnut"},
	"verb":    {"load", "parse", "render", "resolve", "publish", "validate", "merge", "fetch"},
	"thing":   {"order", "invoice", "basket", "parcel", "customer", "session", "report", "ticket"},
}

// expand replaces the fields of a form: {alphabet:length}, {list}, {uuid} and
// {int:low-high}. Everything else in braces stays.
func expand(rng *rand.Rand, form string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(form, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		field, after, closed := strings.Cut(rest, "}")
		value, known := "", false
		if closed {
			value, known = fill(rng, field)
		}
		if !known {
			b.WriteByte('{')
			form = rest
			continue
		}
		b.WriteString(value)
		form = after
	}
}

func fill(rng *rand.Rand, field string) (value string, known bool) {
	name, arg, _ := strings.Cut(field, ":")
	if alphabet, ok := alphabets[name]; ok {
		n, err := strconv.Atoi(arg)
		return random(rng, alphabet, n), err == nil
	}
	if list, ok := lists[name]; ok && arg == "" {
		return list[rng.IntN(len(list))], true
	}
	switch name {
	case "uuid":
		h := alphabets["hex"]
		return strings.Join([]string{random(rng, h, 8), random(rng, h, 4), "4" + random(rng, h, 3), "a" + random(rng, h, 3), random(rng, h, 12)}, "-"), true
	case "int":
		var low, high int
		if n, err := fmt.Sscanf(arg, "%d-%d", &low, &high); n != 2 || err != nil {
			return "", false
		}
		return strconv.Itoa(low + rng.IntN(high-low+1)), true
	}
	return "", false
}

func random(rng *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(b)
}
