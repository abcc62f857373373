using System.Runtime.InteropServices;

namespace Streams.Streaming.Native;

/// <summary>What a consumer knows of its membership, as Confluent.Kafka does not show it.</summary>
internal static partial class NativeGroup
{
    private const string Library = "librdkafka";

    /// <summary>The member's id, and its epoch (or generation); null before it has an id.</summary>
    public static (string Id, int Epoch)? Member(SafeHandle client)
    {
        var metadata = rd_kafka_consumer_group_metadata(client.DangerousGetHandle());
        if (metadata == 0)
            return null;
        try
        {
            return (Marshal.PtrToStringUTF8(rd_kafka_consumer_group_metadata_member_id(metadata)) ?? "", rd_kafka_consumer_group_metadata_generation_id(metadata));
        }
        finally
        {
            rd_kafka_consumer_group_metadata_destroy(metadata);
        }
    }

    /// <summary>The assignment was taken away and the callback that says so was not answered yet.</summary>
    public static bool AssignmentLost(SafeHandle client) => rd_kafka_assignment_lost(client.DangerousGetHandle()) != 0;

    [LibraryImport(Library)]
    private static partial nint rd_kafka_consumer_group_metadata(nint client);

    [LibraryImport(Library)]
    private static partial void rd_kafka_consumer_group_metadata_destroy(nint metadata);

    [LibraryImport(Library)]
    private static partial nint rd_kafka_consumer_group_metadata_member_id(nint metadata);

    [LibraryImport(Library)]
    private static partial int rd_kafka_consumer_group_metadata_generation_id(nint metadata);

    [LibraryImport(Library)]
    private static partial int rd_kafka_assignment_lost(nint client);
}
