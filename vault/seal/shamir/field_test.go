package shamir

import "testing"

// slowMultiply is the schoolbook product of two polynomials over GF(2), and then
// its remainder: another way to the same answer.
func slowMultiply(a, b byte) byte {
	var product uint16
	for i := range 8 {
		if b>>i&1 == 1 {
			product ^= uint16(a) << i
		}
	}
	for i := 15; i >= 8; i-- {
		if product>>i&1 == 1 {
			product ^= 0x11b << (i - 8)
		}
	}
	return byte(product)
}

func TestFieldAgainstSchoolbook(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			if got, want := multiply(byte(a), byte(b)), slowMultiply(byte(a), byte(b)); got != want {
				t.Fatalf("%#x · %#x = %#x, want %#x", a, b, got, want)
			}
		}
		if a != 0 && slowMultiply(byte(a), invert(byte(a))) != 1 {
			t.Fatalf("%#x · 1/%#[1]x is not 1", a)
		}
	}
	if invert(0) != 0 {
		t.Error("1/0 should be 0")
	}
	if got := multiply(0x57, 0x83); got != 0xc1 { // FIPS 197, section 4.2
		t.Errorf("0x57 · 0x83 = %#x, want 0xc1", got)
	}
}

// TestWeightsAgainstSearch finds the only polynomial of degree 2 through three points
// by trying all of them, and compares its value at 0.
func TestWeightsAgainstSearch(t *testing.T) {
	points := []struct{ x, y byte }{{3, 0x1d}, {200, 0xee}, {41, 0x00}}
	found := -1
	for a := range 256 {
		for b := range 256 {
			// a + b·x + c·x²: c follows from the first point.
			c := multiply(points[0].y^byte(a)^slowMultiply(byte(b), points[0].x), invert(slowMultiply(points[0].x, points[0].x)))
			fits := true
			for _, p := range points {
				fits = fits && byte(a)^slowMultiply(byte(b), p.x)^slowMultiply(c, slowMultiply(p.x, p.x)) == p.y
			}
			if fits {
				if found >= 0 {
					t.Fatal("two polynomials fit")
				}
				found = a
			}
		}
	}
	var sum byte
	for i, w := range weights([]byte{3, 200, 41}) {
		sum ^= multiply(w, points[i].y)
	}
	if found != int(sum) {
		t.Errorf("value at 0 is %#x, the search found %#x", sum, found)
	}
}
