"""Children with pipes, files, each other, and their ends."""

import os
import shutil
import subprocess
import sys

python = sys.executable
run = subprocess.run
print(run([python, "-c", "print('hi')"], capture_output=True, text=True).stdout)
print(run([python, "child.py", "x"], capture_output=True).returncode, run([python, "-c", "raise SystemExit(300)"]).returncode)
echo = [python, "-c", "import sys; sys.stdout.write(sys.stdin.read().upper())"]
print(run(echo, input="in", capture_output=True, text=True).stdout, len(run(echo, input=b"x" * 300_000, capture_output=True).stdout))
both = [python, "-c", "import sys; print('out'); print('err', file=sys.stderr)"]
print(sorted(run(both, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.split()))
print(run(both, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL).stderr)
try:
    run([python, "-c", "raise SystemExit(4)"], check=True)
except subprocess.CalledProcessError as error:
    print(error.returncode, error.cmd[1:])
for wrong in (["no-such-command", "x"], ["./none"]):
    try:
        run(wrong)
    except FileNotFoundError as error:
        print(error)
with open("out.txt", "w") as file:
    run(both, stdout=file, stderr=subprocess.DEVNULL)
print(open("out.txt").read(), end="")
with open("out.txt") as file:
    print(run(echo, stdin=file, stdout=subprocess.PIPE, text=True).stdout, end="")
first = subprocess.Popen([python, "-c", "print('b\\na')"], stdout=subprocess.PIPE)
second = subprocess.Popen([python, "-c", "import sys; print(sorted(sys.stdin.read().split()))"], stdin=first.stdout, stdout=subprocess.PIPE, text=True)
first.stdout.close()
print(second.communicate(), first.wait(), second.returncode)
talk = subprocess.Popen([python, "-uc", "while line := input(): print('got ' + line)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
for word in ("one", "two"):
    talk.stdin.write(word + "\n")
    print(talk.stdout.readline(), end="")
talk.stdin.write("\n")
talk.stdin.close()
print(talk.wait())
with subprocess.Popen([python, "-c", "for i in range(3): print(i)"], stdout=subprocess.PIPE, text=True) as child:
    print([line.strip() for line in child.stdout])
try:
    run([python, "-c", "import time; time.sleep(60)"], timeout=1)
except subprocess.TimeoutExpired as error:
    print(round(error.timeout, 2))
slow = subprocess.Popen([python, "-c", "import time; time.sleep(60)"])
print(slow.poll(), slow.terminate(), slow.wait(), slow.poll())
os.mkdir("below")
print(run([python, "-c", "import os; print(os.environ.get('A'), os.path.basename(os.getcwd()))"], env={"A": "b", "PATH": os.environ.get("PATH", "")}, cwd="below", capture_output=True, text=True).stdout)
try:
    run([python], cwd="none")
except FileNotFoundError as error:
    print(error)
print(subprocess.check_output([python, "-c", "print(1)"]), subprocess.call([python, "-c", "raise SystemExit(2)"]), shutil.which("no-such-command"))
