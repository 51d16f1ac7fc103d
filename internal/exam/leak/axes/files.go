package axes

import (
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// Seed is the seed of the published vectors.
const Seed = 20260302

// Files returns the files of the vectors that a seed makes: name → text, one per
// secret.
func Files(seed uint64) (map[string][]byte, error) {
	bySecret := map[string][]vector.Vector{}
	for _, v := range Vectors(seed) {
		bySecret[v.Axes.Secret] = append(bySecret[v.Axes.Secret], v)
	}
	files := map[string][]byte{}
	for name, vectors := range bySecret {
		text, err := vector.Encode(vectors)
		if err != nil {
			return nil, err
		}
		files[name+".json"] = text
	}
	return files, nil
}
