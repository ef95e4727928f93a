// The program: reads the environment, wires the rooms, runs the verb.
#include <cstdio>

int main() {
    std::puts("tutti 0.1.0");
    return 0;
}
