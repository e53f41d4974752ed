package reader
import ("testing";"fmt";"os";"encoding/json";"github.com/clanctl/clanctl/pkg/nixeval")
func TestTry(t *testing.T){
 ref,err:=nixeval.ResolveRef(os.Getenv("FLAKE")); if err!=nil{t.Fatal(err)}
 n:=0
 e:=&nixeval.Evaluator{Nix:"/var/tmp/modern-nix/bin/nix",Offline:true,OnCommand:func([]string){n++}}
 r:=New(e,ref,2)
 var f Part[Flake]; var m Part[Named[Part[Machine]]]; var in Part[Named[Part[Instance]]]; var ev Part[Named[Part[Evaluated]]]; var sv Part[Named[Part[Service]]]
 var tags Part[Named[Value]]; var car Part[Named[Part[[]string]]]; var pos Part[Named[Place]]
 var names Part[[]string]
 err=r.Ask(t.Context(),Query{},Want{[]string{"flake"},&f},Want{[]string{"instanceNames"},&names},Want{[]string{"machines"},&m},Want{[]string{"tags"},&tags},Want{[]string{"carried"},&car},Want{[]string{"instances"},&in},Want{[]string{"services"},&sv},Want{[]string{"evaluated"},&ev},Want{[]string{"positions","instances"},&pos})
 fmt.Println("err",err, "processes",n)
 for i,o:=range r.omitted{ fmt.Println("omitted",o, r.culprits[i].Error()[:40]) }
 b,_:=json.Marshal(names); fmt.Println(string(b))
 for k,v:=range ev.Value { fmt.Println(k, v.Failure, len(v.Value.Roles)); for rn,ro:=range v.Value.Roles{ fmt.Println("  ",rn,ro.Failure,ro.Value.SettingsFrom.Value); for gk,g:=range ro.Value.Groups.Value{fmt.Println("     ",gk,string(g.Value.Settings.raw))}}}
}
