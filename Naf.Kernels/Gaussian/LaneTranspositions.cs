namespace Naf.Kernels;

/// <summary>Between rows of several time steps and vectors whose elements are these steps, element by element.</summary>
internal static unsafe class LaneTranspositions
{
    public static void Gather(int width, double** lanes, nint column, double* to, nint stride)
    {
        for (int a = 0; a < width; a++)
            for (int l = 0; l < width; l++) to[a * stride + l] = lanes[l][column + a];
    }

    public static void Scatter(int width, double* from, nint stride, double** lanes, nint column)
    {
        for (int l = 0; l < width; l++)
            for (int a = 0; a < width; a++) lanes[l][column + a] = from[a * stride + l];
    }

    public static void ScatterSingle(int width, double* from, nint stride, float** lanes, nint column)
    {
        for (int l = 0; l < width; l++)
            for (int a = 0; a < width; a++) lanes[l][column + a] = (float)from[a * stride + l];
    }

    /// <summary>Vectors 0 … count − 1 from the lanes' columns: tiles of registers, the last one over what the one before has done.</summary>
    public static void GatherRow<TLanes, TVector>(double** lanes, int column, int count, double* to, nint stride)
        where TLanes : struct, IDoubleLanes<TVector>
        where TVector : struct
    {
        int width = TLanes.Width;
        for (int a = 0; a < count && count >= width; a += width)
        {
            int at = Math.Min(a, count - width);
            TLanes.Gather(lanes, column + at, to + at * stride, stride);
        }
        for (int a = 0; a < count && count < width; a++)
            for (int l = 0; l < width; l++) to[a * stride + l] = lanes[l][column + a];
    }

    /// <summary>The lanes' columns from vectors 0 … count − 1.</summary>
    public static void ScatterRow<TLanes, TVector>(double* from, nint stride, int count, double** lanes, int column)
        where TLanes : struct, IDoubleLanes<TVector>
        where TVector : struct
    {
        int width = TLanes.Width;
        for (int a = 0; a < count && count >= width; a += width)
        {
            int at = Math.Min(a, count - width);
            TLanes.Scatter(from + at * stride, stride, lanes, column + at);
        }
        for (int a = 0; a < count && count < width; a++)
            for (int l = 0; l < width; l++) lanes[l][column + a] = from[a * stride + l];
    }
}
