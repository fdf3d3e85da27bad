/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: in memory, with every privilege this run has. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.parent = "/dev/shm";
    return local_contract_main("local", argc, argv);
}
