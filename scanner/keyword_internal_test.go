package scanner

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestContainsFold compares with what strings.ToLower makes, also across the parts
// that the search goes by.
func TestContainsFold(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []string{"k", "K", "\u212a", "i", "I", "\u0130", "e", "Y", "y", "\u017f", "S", "\xff", "-", "Z", "[", "@", "A", "{", "`", "Ü", "ü"}
	words := []string{"key", "iky", "-si", "ü", "kü"}
	for range 3000 {
		var b strings.Builder
		b.WriteString(strings.Repeat("x", random.IntN(2)*(4060+random.IntN(60))))
		for range random.IntN(40) {
			b.WriteString(letters[random.IntN(len(letters))])
		}
		text := b.String()
		for _, word := range words {
			want := strings.Contains(strings.ToLower(text), word)
			if got := containsFold([]byte(text), []string{word}); got != want {
				t.Fatalf("%q in %q: %v, want %v", word, text, got, want)
			}
			if got := newStopwords([]string{word}).in([]byte(text)); got != want {
				t.Fatalf("stopword %q in %q: %v, want %v", word, text, got, want)
			}
		}
	}
}
