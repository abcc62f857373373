using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>AddOffsetsToTxn (key 25) 0–4: names the group whose offsets belong to the transaction, and begins it where none is open.</summary>
internal static class AddOffsetsToTxn
{
    public static readonly ApiDefinition Definition = new(ApiKey.AddOffsetsToTxn, 0, 4, 3, Handle);

    private static async Task Handle(Request request)
    {
        var error = request.Fenced(await AddAsync(request));
        request.Response.WriteInt32(0);
        request.Response.WriteError(error);
        request.Response.WriteTags();
    }

    private static Task<ErrorCode> AddAsync(Request request)
    {
        var reader = request.Read();
        return request.Node.Transactions.AddGroupAsync(reader.ReadProducer(), reader.ReadString(), request.Caller());
    }
}
