package bundle_test
import ("testing";"fmt";"strings";"bytes";"os";"path/filepath";"github.com/stanch-dev/stanch/policies/bundle")
func BenchmarkZZ(b *testing.B){
 dir := directory(b)
 var s strings.Builder; s.WriteString("grants:\n")
 for i := range 5000 { fmt.Fprintf(&s, "  - id: g%d\n    subject: kubernetes/team-%d/api\n    path: kv/team-%d/prod/**\n    can: [read, list]\n", i, i%1000, i) }
 os.WriteFile(filepath.Join(dir,"grants.yaml"), []byte(s.String()), 0o644)
 var out bytes.Buffer
 if err := bundle.Build(&out, dir, "", &bundle.Signing{KeyID:"main", PEM: key().private}); err != nil { b.Fatal(err) }
 b.ReportAllocs()
 for b.Loop() { if _, err := read(out.Bytes(), trusting()); err != nil { b.Fatal(err) } }
}
