using System.CommandLine;
using Streams.Aggregators.Metering;
using Streams.Rating.Contracts;

namespace Streams.Cli.Commands;

/// <summary><c>streams topology describe</c>.</summary>
static class TopologyCommand
{
    public static Command Create()
    {
        var describe = new Command("describe", "Print the topologies in Kafka Streams' text form.");
        describe.SetAction(_ =>
        {
            Console.WriteLine(MeteringTopology.Build(new MeteringOptions(), new ContractBookSource()).Describe());
            return ExitCodes.Done;
        });
        return new Command("topology", "The stream topologies.") { describe };
    }
}
