using Naf.Sim.Rendering;

namespace Naf.Tests;

internal static class PictureProbe
{
    /// <summary>Number of pixels in the targets' green.</summary>
    public static int Targets(PixelImage image) => Count(image, IsTarget);

    /// <summary>Mean place of the pixels in the targets' green.</summary>
    public static (double X, double Y) Target(PixelImage image)
    {
        (int X, int Y)[] found = [.. from y in Enumerable.Range(0, image.Height)
            from x in Enumerable.Range(0, image.Width) where IsTarget(image.At(x, y)) select (x, y)];
        return (found.Average(p => p.X), found.Average(p => p.Y));
    }

    /// <summary>Number of pixels in the first path's red.</summary>
    public static int Path(PixelImage image) =>
        Count(image, c => c.Red > 1.6 * c.Green && c.Red > 1.2 * c.Blue && c.Blue > 1.2 * c.Green);

    public static int Colours(PixelImage image) => Pixels(image).Distinct().Count();

    public static bool IsTarget((byte Red, byte Green, byte Blue) c) => c.Green > 1.4 * c.Red && c.Green > 1.3 * c.Blue;

    /// <summary>The pixel of a point in reacher's plane; the camera is 2.6 m above, field of view 45°.</summary>
    public static (int X, int Y) InReacher(PixelImage image, double x, double y)
    {
        double perMetre = image.Height / 2.0 / (2.6 * Math.Tan(Math.PI / 8));
        return ((int)Math.Round(image.Width / 2.0 + perMetre * x), (int)Math.Round(image.Height / 2.0 - perMetre * y));
    }

    /// <summary>Red, green and blue of a pixel; x from the left, y from the top.</summary>
    public static (byte Red, byte Green, byte Blue) At(this PixelImage image, int x, int y)
    {
        int at = 3 * (y * image.Width + x);
        return (image.Rgb[at], image.Rgb[at + 1], image.Rgb[at + 2]);
    }

    private static int Count(PixelImage image, Func<(byte Red, byte Green, byte Blue), bool> wanted) =>
        Pixels(image).Count(wanted);

    private static IEnumerable<(byte Red, byte Green, byte Blue)> Pixels(PixelImage image) =>
        from y in Enumerable.Range(0, image.Height) from x in Enumerable.Range(0, image.Width) select image.At(x, y);
}
