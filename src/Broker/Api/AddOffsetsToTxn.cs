using Streams.Broker.Groups;
using Streams.Broker.Log;
using Streams.Broker.Metadata;
using Streams.Broker.Network;
using Streams.Broker.Protocol;
using Streams.Broker.Transactions;

namespace Streams.Broker.Api;

/// <summary>AddOffsetsToTxn 0–4: begins the transaction; the group is known from the offsets that follow.</summary>
internal static class AddOffsetsToTxn
{
    public static readonly ApiDefinition Definition = new(ApiKey.AddOffsetsToTxn, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var error = request.Node.Transactions.Add(reader.ReadString(), reader.ReadInt64(), reader.ReadInt16(), request.Connection, [], null);
        request.Response.WriteInt32(0);
        request.Response.WriteError(error);
        request.Response.WriteTags();
        return request.Node.Journal.FlushAsync();
    }
}
