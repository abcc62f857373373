namespace Streams.Broker.Planted.Tests;

/// <summary>The bugs, each with the test that catches it.</summary>
internal static class PlantedBugs
{
    public static readonly PlantedBug[] All = [];
}
