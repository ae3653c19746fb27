# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
find . -name '*.txt' | sort
find d -type f | sort
find d -type d | sort
find d -maxdepth 1 | sort
find d -mindepth 1 -name '*.md' -o -name '*.json' | sort
find . -iname 'F*' -type f | sort
find d -not -name '*.md' -type f | sort
find d -type f -exec wc -l {} + | tail -1
find d -name '*.md' -exec cat {} \;
find d -empty
find d -size -2k -type f | sort
find d -path '*sub*' | sort
find d -type f -print0 | tr '\0' ' ' | wc -w
find d -name x.txt -printf '%f %s %p\n'
find d -type l
find nope 2>/dev/null; echo $?
find d \( -name sub -prune \) -o -type f -print | sort
find d -regex '.*\.md'
find . -name 'del*' -delete
find d -newer f1 | wc -l
find d -type f -name '*.txt' -exec sh -c 'echo "$1 $(wc -l < "$1")"' _ {} \;
find d -mtime +1 -type f | sort
find d/* -maxdepth 0 | sort
find . -type f | wc -l
find d -quit
find d -type f -execdir echo {} \; | sort
find d -type f -print0 | xargs -0 ls | sort
