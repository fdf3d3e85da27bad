/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: on a disk, with every privilege this run has. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.parent = "/tmp";
    return local_contract_main("local_disk", argc, argv);
}
