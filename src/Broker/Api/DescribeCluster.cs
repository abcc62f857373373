using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DescribeCluster (60), versions 0–2: one broker, which is the controller too. Controllers as such cannot be asked for.</summary>
internal static class DescribeCluster
{
    private const sbyte Brokers = 1;
    private const sbyte Controllers = 2;

    public static readonly ApiDefinition Definition = new(ApiKey.DescribeCluster, 0, 2, 0, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var operations = reader.ReadBool();
        var endpoints = request.Version >= 1 ? reader.ReadInt8() : Brokers;
        var (error, message) = endpoints switch
        {
            Brokers => (ErrorCode.None, (string?)null),
            Controllers => (ErrorCode.MismatchedEndpointType, "this is a broker's address, not a controller's"),
            _ => (ErrorCode.UnsupportedEndpointType, $"there are no endpoints of type {endpoints}"),
        };
        Write(request, error, message, operations);
        return Task.CompletedTask;
    }

    private static void Write(Request request, ErrorCode error, string? message, bool operations)
    {
        var (response, node, version) = (request.Response, request.Node, request.Version);
        var right = error == ErrorCode.None;
        response.WriteInt32(0);
        response.WriteError(error);
        response.WriteString(message);
        if (version >= 1) response.WriteInt8(Brokers);
        response.WriteString(right ? node.ClusterId : "");
        response.WriteInt32(right ? Node.Id : -1);
        response.WriteArrayLength(right ? 1 : 0);
        if (right)
        {
            response.WriteInt32(Node.Id);
            response.WriteString(node.Host);
            response.WriteInt32(node.Port);
            response.WriteString(null);
            if (version >= 2) response.WriteBool(false);
            response.WriteTags();
        }
        response.WriteInt32(right && operations ? Metadata.ClusterOperations : int.MinValue);
        response.WriteTags();
    }
}
