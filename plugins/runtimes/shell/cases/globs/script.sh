mkdir d d/e; touch a.txt b.txt c.md d/f.txt .hidden d/e/g.txt "sp ace.txt"
echo *; echo *.txt; echo ?.md; echo [ab].txt; echo [!a]*.txt; echo d/*; echo */*.txt; echo nomatch*; echo "*.txt" '*'.md
echo .h*; echo d*/; shopt -s nullglob; echo none* end; shopt -u nullglob; shopt -s dotglob; echo *; shopt -u dotglob
shopt -s extglob
echo !(*.txt); echo @(a|b).txt; echo *.@(md|txt)
shopt -s globstar; echo **/*.txt; echo **
for f in *.txt; do echo "$f"; done
x='*.md'; echo $x; echo "$x"; y="a*"; echo $y"" ; echo {a,c}.*
case a.txt in *.md) echo md;; *.txt) echo txt;; esac
[[ a.txt == *.txt ]] && echo yes; [[ a.txt == "*.txt" ]] || echo no
