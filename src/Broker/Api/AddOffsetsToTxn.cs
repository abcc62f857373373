using Streams.Broker.Protocol;

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
